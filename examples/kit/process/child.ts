// The child's side of the example's processes: says when it is ready, and stops when its parent asks or is gone. Both are the
// closed channel between them.

/** Tells the parent. Started by hand there is none, and nothing happens. */
export function reportReady(message: Readonly<Record<string, unknown>>): void {
  process.send?.(message);
}

/** Runs `stop` once, when the parent closes the channel or dies; then the process ends. */
export function onStop(stop: () => Promise<void>): void {
  let isStopping = false;
  const run = (): void => {
    if (isStopping) return;
    isStopping = true;
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.on('disconnect', run);
  process.on('SIGTERM', run);
  // Ctrl-C reaches the whole process group; the parent decides, unless there is none.
  process.on('SIGINT', () => {
    if (!process.connected) run();
  });
}
