// Apps that take each other's tokens without anybody having said so.
import type { Problem } from './problem.ts';
import { type AppConfig, policyOf } from './sections/apps.ts';

/** A key set's owner signs for whomever it wants; only `audience` tells for which app. */
export function sharedKeySets(apps: readonly AppConfig[]): Problem[] {
  const seen = new Map<string, (string | undefined)[]>();
  return apps.flatMap((app, index) => {
    const { jwks_url: url, audience } = policyOf(app).tokens ?? {};
    if (url === undefined) return [];
    const earlier = seen.get(url) ?? [];
    const isApart = earlier.every((other) => other !== undefined && other !== audience);
    seen.set(url, [...earlier, audience]);
    if (earlier.length === 0 || (isApart && audience !== undefined)) return [];
    const owner = `app_manager.array.apps[${index}]${app.policy === undefined ? '' : '.policy'}`;
    const message =
      'is that of another app, too: without an `audience` of its own each takes the tokens of the other';
    return [{ path: `${owner}.tokens.jwks_url`, message }];
  });
}
