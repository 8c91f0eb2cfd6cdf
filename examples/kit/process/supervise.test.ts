import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Supervised, supervise } from './supervise.ts';

const program = fileURLToPath(new URL('./testing/child.ts', import.meta.url));

describe('supervise', () => {
  let running: Supervised | undefined;
  afterEach(() => running?.stop());

  const start = async (mode: string, onReady: (pid: number) => void = () => {}) => {
    running = await supervise({
      example: 'example',
      name: 'test',
      program,
      cwd: process.cwd(),
      env: () => ({ ...process.env, CHILD: mode }),
      ready: z.object({ pid: z.number() }),
      onReady: ({ pid }) => onReady(pid),
      onGivenUp: () => {},
    });
    return running;
  };

  it('starts a killed child again', async () => {
    const pids: number[] = [];
    const again = new Promise<void>((resolve) => {
      void start('runs', (pid) => {
        pids.push(pid);
        if (pids.length === 1) process.kill(pid, 'SIGKILL');
        else resolve();
      });
    });
    await again;
    expect(new Set(pids).size).toBe(2);
  });

  it('stops a child by closing its channel', async () => {
    const child = await start('runs');
    const { pid } = child;
    await child.stop();
    expect(child.pid).toBeUndefined();
    expect(() => process.kill(pid ?? 0, 0)).toThrow('ESRCH');
    await child.stop();
  });

  it('rejects when the child ends before it is ready', async () => {
    await expect(start('fails')).rejects.toThrow('the test process ended (exit code 3)');
  });
});
