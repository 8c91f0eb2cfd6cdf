// What a new document says before anybody wrote in it.
import type { Sockudo } from 'sockudo';
import { DOCUMENT_CHANNEL, PARAGRAPH_EVENT } from '../shared/document.ts';

const PARAGRAPHS = [
  'Every paragraph of this page is one message of one channel. Click into it and write: what you type becomes a new version, and everybody who has the page open sees it at once.',
  'Nothing is lost. Reload, open a second window, switch the network off and on, or kill the server: the channel is a log, and each page continues where it stopped reading.',
  'Choose “Versions” under a paragraph to go back through everything it ever said, and who said it. Reactions are annotations: the server counts them, and sends only the sum.',
];

/** Writes them into a channel that is empty. */
export async function writeFirstText(sockudo: Sockudo): Promise<void> {
  const { stream } = await sockudo.channelHistoryState(DOCUMENT_CHANNEL);
  if ((stream.next_serial ?? 1) > 1) return;
  await sockudo.triggerBatch(
    PARAGRAPHS.map((data, index) => ({
      channel: DOCUMENT_CHANNEL,
      name: PARAGRAPH_EVENT,
      data,
      idempotency_key: `first-text-${index}`,
    })),
  );
}
