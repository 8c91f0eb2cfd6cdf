// Waits for the signals that ask a process to stop: the first is reported, the second ends the process at once.

const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export interface SignalWaiter {
  /** Resolves to the name of the first signal. */
  readonly first: Promise<string>;
  /** Gives the signals back to the process. */
  close(): void;
}

export function signalWaiter(): SignalWaiter {
  let isFirst = true;
  let report: (signal: string) => void = () => {};
  const first = new Promise<string>((resolve) => {
    report = resolve;
  });
  const onSignal = (signal: NodeJS.Signals): void => {
    if (!isFirst) process.exit(1);
    isFirst = false;
    report(signal);
  };
  for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
  return {
    first,
    close() {
      for (const signal of STOP_SIGNALS) process.off(signal, onSignal);
    },
  };
}
