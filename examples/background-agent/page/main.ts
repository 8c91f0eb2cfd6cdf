// The page: one client, one session of AI Transport, and views of its runs. Whatever it shows comes from the session, so a reload, a
// second window or a phone shows the same.
import { createSession } from '@sockudo/ai-transport';
import { Sockudo } from '@sockudo/client';
import { byId, create, html, note, showConnection } from '@sockudo/example-kit/page';
import { CHANNEL, DEFAULT_FOLDER, DOCUMENT_COUNTS, type JobRequest } from '../shared/job.ts';
import { about, fetchToken, killWorker } from './backend.ts';
import { Jobs } from './jobs.ts';
import { RunView } from './run-view.ts';
import { RunsView } from './runs-view.ts';
import { Selection } from './selection.ts';
import { visitorId } from './visitor.ts';

const visitor = visitorId();
const appKey = document.querySelector<HTMLMetaElement>('meta[name=sockudo-key]')?.content ?? '';
const isSecure = location.protocol === 'https:';
const port = Number(location.port) || (isSecure ? 443 : 80);

const sockudo = new Sockudo(appKey, {
  wsHost: location.hostname,
  wsPort: port,
  wssPort: port,
  forceTLS: isSecure,
  protocolVersion: 2,
  connectionRecovery: true,
  tokenProvider: () => fetchToken(visitor),
});
const session = createSession({ client: sockudo, channel: CHANNEL, clientId: visitor });
const jobs = new Jobs(session);
const selection = new Selection();

const run = new RunView({
  onCancel: (runId) => void attempt(session.cancel(runId), 'The run could not be cancelled.'),
  onKill: (worker) => void attempt(killWorker(worker), 'The worker could not be killed.'),
});
const runs = new RunsView((runId) => {
  selection.choose(runId);
  render();
  html('run').scrollIntoView({ block: 'nearest', behavior: 'smooth' });
});

let isRendering = false;
let cannotRead = false;

showConnection(sockudo, 'the run goes on meanwhile');
session.subscribe(renderSoon);
render();
fillForm();
void showAbout();

/** Many tokens, one picture. */
function renderSoon(): void {
  if (isRendering) return;
  isRendering = true;
  requestAnimationFrame(() => {
    isRendering = false;
    render();
  });
}

function render(): void {
  const all = jobs.newestFirst();
  const shown = selection.of(all);
  const isRead = session.status !== 'connecting' && session.status !== 'attaching';
  run.show(
    shown,
    isRead ? 'No run yet. Start one: it goes on when you close this page.' : 'Reading what there is…',
  );
  // Of what began before the page that was read, nobody can say what it is.
  const known = all.filter((job) => job.isWhole || job.isLive || job === shown);
  runs.show(known, shown?.id ?? null, session.hasOlder);
  if (shown?.isWhole === false) void readBeginning();
  if (session.status === 'failed')
    note(html('problem'), `The server refuses: ${session.error?.message ?? ''}`);
}

/** The shown run began before what was read. */
async function readBeginning(): Promise<void> {
  if (cannotRead || !session.hasOlder || session.isLoadingOlder || session.status !== 'live') return;
  try {
    await session.loadOlder();
  } catch {
    // There is a button for it.
    cannotRead = true;
  }
}

async function attempt(work: Promise<unknown>, failure: string): Promise<void> {
  try {
    await work;
    note(html('problem'), '');
  } catch {
    note(html('problem'), `${failure} Please try again.`);
  }
}

byId('start', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  const folder = byId('folder', HTMLInputElement).value.trim();
  const request: JobRequest = { folder, documents: Number(byId('documents', HTMLSelectElement).value) };
  // No job is an answer to another one.
  const { runId, published } = session.send(request, { parent: null });
  selection.choose(runId);
  render();
  void attempt(published, 'The job could not be started.');
});

html('older').addEventListener('click', () => {
  void attempt(session.loadOlder(), 'Older runs could not be read.');
});

function fillForm(): void {
  byId('folder', HTMLInputElement).value = DEFAULT_FOLDER;
  const options = DOCUMENT_COUNTS.map((count) => {
    const option = create('option', '', `${count} documents`);
    option.value = String(count);
    return option;
  });
  byId('documents', HTMLSelectElement).replaceChildren(...options);
  byId('documents', HTMLSelectElement).value = String(DOCUMENT_COUNTS[1]);
}

async function showAbout(): Promise<void> {
  try {
    const { model, isStandIn } = await about();
    const text = isStandIn
      ? 'No language model is configured: a small stand-in picks sentences out of each document. Set OPENAI_BASE_URL, OPENAI_API_KEY and OPENAI_MODEL for a real one.'
      : `Model: ${model}`;
    note(html('about'), text);
  } catch {
    // Nice to know, and no more.
  }
}
