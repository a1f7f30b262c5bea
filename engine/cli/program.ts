// The `handoff` command. Each verb has a file of its own.

import { Command } from 'commander'
import { alertsCommand } from './alerts.ts'
import { backfillCommand } from './backfill.ts'
import { conflictsCommand } from './conflicts.ts'
import { demoCommand } from './demo.ts'
import { driftCommand } from './drift.ts'
import { failuresCommand } from './failures.ts'
import { mapCommand } from './map.ts'
import { planCommand } from './plan.ts'
import { pruneCommand } from './prune.ts'
import { reconcileCommand } from './reconcile.ts'
import { replayCommand } from './replay.ts'
import { runCommand } from './run.ts'
import { startCommand } from './start.ts'
import { statusCommand } from './status.ts'
import { testCommand } from './test.ts'
import { traceCommand } from './trace.ts'
import { validateCommand } from './validate.ts'

export function buildProgram(): Command {
  const program = new Command('handoff')
    .description(
      'Carries every order from the click to the doorstep and the paid invoice, across the systems you already run.',
    )
    .version('0.1.0')
    .exitOverride()
    .addHelpText(
      'after',
      '\nExit codes: 0 fine, 1 something was found wrong, 2 configuration or arguments, 3 not found, 4 the hub cannot work.\nNO_COLOR=1 turns colours off; DATABASE_URL, REDIS_URL and HANDOFF_STATE choose where the hub keeps things.',
    )
  for (const add of [
    startCommand,
    demoCommand,
    validateCommand,
    testCommand,
    mapCommand,
    planCommand,
    runCommand,
    backfillCommand,
    statusCommand,
    traceCommand,
    failuresCommand,
    replayCommand,
    reconcileCommand,
    driftCommand,
    conflictsCommand,
    pruneCommand,
    alertsCommand,
  ])
    add(program)
  for (const command of program.commands) command.exitOverride()
  return program
}
