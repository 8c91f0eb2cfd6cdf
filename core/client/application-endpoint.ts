/**
 * Questions that only the application's backend may put to the server, since they need the app's secret: the client posts them as
 * JSON to an endpoint of the application, which asks the HTTP API and passes the answer on.
 * Must not know: channels, what the questions mean.
 * Source: Sockudo protocol 2, "App proxy calls".
 */
import { EndpointError, InvalidOptions } from './errors.ts';
import type { EndpointOptions } from './options.ts';
import type { Runtime } from './runtime.ts';

const TIMEOUT_MS = 30_000;

/** Asks, and answers the JSON. Rejects with an EndpointError, or as `fetch` does. */
export type AskApplication = (question: object) => Promise<unknown>;

/** @param name of the option, for errors */
export function applicationEndpoint(
  name: 'versionedMessages' | 'presenceHistory',
  options: EndpointOptions | undefined,
  runtime: Runtime,
): AskApplication {
  return async (question) => {
    if (options === undefined) throw new InvalidOptions(`${name}.endpoint is needed for this`);
    const headers = new Headers({ 'content-type': 'application/json' });
    const given = { ...options.headers, ...(await options.headersProvider?.()) };
    for (const [key, value] of Object.entries(given)) headers.set(key, value);
    const response = await runtime.fetch(options.endpoint, {
      method: 'POST',
      headers,
      body: JSON.stringify(question),
      credentials: 'same-origin',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new EndpointError(name, response.status);
    return response.json();
  };
}

/** @throws EndpointError when the answer has not the expected form */
export async function checked<Answer>(
  answer: Promise<unknown>,
  isAnswer: (value: unknown) => value is Answer,
): Promise<Answer> {
  const value = await answer;
  if (!isAnswer(value)) throw new EndpointError('application', 200);
  return value;
}
