// What a scenario asks the server process under measurement.
import { rmSync } from 'node:fs';

/** Answers until the parent lets go; then the folder is removed and the process ends. */
export function answerQuestions(folder: string): void {
  process.on('message', (question: unknown) => {
    if (question === 'usage') {
      const { user, system } = process.cpuUsage();
      process.send?.({ userUs: user, systemUs: system, rssBytes: process.memoryUsage.rss() });
    }
    if (question === 'collect') {
      // Twice with a pause: V8 gives pages back some time after it has emptied them.
      globalThis.gc?.();
      setTimeout(() => {
        globalThis.gc?.();
        process.send?.({ collected: true });
      }, 1000);
    }
  });
  process.on('disconnect', () => {
    rmSync(folder, { recursive: true, force: true });
    process.exit();
  });
}
