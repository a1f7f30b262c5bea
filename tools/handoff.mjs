#!/usr/bin/env node
// The `handoff` command: the CLI, under Node 24.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './node24.mjs'

const cli = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'engine', 'cli', 'main.ts')
run([cli, ...process.argv.slice(2)])
