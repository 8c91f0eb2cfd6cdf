// PLACEHOLDER until the metrics listener lands: replace this file.
export async function startMetrics(_deps: unknown): Promise<{ close(): Promise<void> }> { return { async close() {} }; }
