#!/usr/bin/env node
// The `handoff` command: the CLI, under Node 24, with the flags that a hub runs with.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './node24.mjs'

const here = path.dirname(fileURLToPath(import.meta.url))
const flags = JSON.parse(readFileSync(path.join(here, 'hub-flags.json'), 'utf8'))
run([...flags, path.join(here, '..', 'engine', 'cli', 'main.ts'), ...process.argv.slice(2)])
