import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { recordingIo } from './cli-fixture.ts';
import { createProgram } from './program.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/cli.md'), 'utf8');
const program = createProgram(recordingIo(), () => async () => {});

function leaves(command: Command, path: readonly string[] = []): { path: string; command: Command }[] {
  if (command.commands.length === 0) return [{ path: path.join(' '), command }];
  return command.commands.flatMap((child) => leaves(child, [...path, child.name()]));
}

describe('docs/cli.md', () => {
  const commands = leaves(program);

  it('names every command', () => {
    for (const { path } of commands)
      expect(page).toContain(path.startsWith('config') ? path : `\`sockudo ${path}\``);
  });

  it('names every option, and none that does not exist', () => {
    const known = new Set(commands.flatMap(({ command }) => command.options.map(({ long }) => long ?? '')));
    const named = new Set([...page.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([option]) => option));
    expect([...named].toSorted()).toEqual([...known].toSorted());
  });
});
