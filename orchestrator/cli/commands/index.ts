import type { Command } from 'commander';
import * as browse from './browse.js';
import * as data from './data.js';
import * as doctor from './doctor.js';
import * as grade from './grade.js';
import * as matrix from './matrix.js';
import * as plan from './plan.js';
import * as run from './run.js';
import * as runs from './runs.js';
import * as schema from './schema.js';
import * as serve from './serve.js';
import * as setup from './setup.js';
import * as sweep from './sweep.js';

/** In the order of the help. A command file imports nothing but commander: what it does is imported when it runs. */
const commands = [run, matrix, plan, runs, browse, sweep, serve, grade, data, schema, setup, doctor];

export function registerCommands(program: Command): void {
  for (const command of commands) command.register(program);
}
