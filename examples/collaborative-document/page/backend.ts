// The page's own calls to the example's backend.

/** The backend or the server behind it said no, or nothing at all. */
export class CallFailed extends Error {
  /** Undefined: no answer. */
  readonly status: number | undefined;
  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }

  /** Saying it again may help. */
  get isPassing(): boolean {
    return this.status === undefined || this.status === 429 || this.status >= 500;
  }
}

const TIMEOUT_MS = 10_000;

export async function call<Answer>(
  path: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(`/backend${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw new CallFailed(String(error));
  });
  if (!response.ok) throw new CallFailed(`The request failed (${response.status})`, response.status);
  // CAST: page and backend are of one build.
  return (await response.json()) as Answer;
}
