// Finds a reaction, so that it can be taken back.
import type { Sockudo } from 'sockudo';
import { DOCUMENT_CHANNEL, REACTION_TYPE } from '../shared/document.ts';

/** Serial of somebody's reaction of this name that was not taken back; undefined without one. */
export async function reactionOf(
  sockudo: Pick<Sockudo, 'listAnnotations'>,
  messageSerial: string,
  { name, clientId }: { readonly name: string; readonly clientId: string },
): Promise<string | undefined> {
  let found: string | undefined;
  const params = { type: REACTION_TYPE };
  for await (const event of await sockudo.listAnnotations(DOCUMENT_CHANNEL, messageSerial, params)) {
    if (event.name !== name || event.clientId !== clientId) continue;
    found = event.action === 'annotation.create' ? event.serial : undefined;
  }
  return found;
}
