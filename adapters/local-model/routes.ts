// The addresses that need nothing but a question and its answer: Chat Completions, Messages, token counts, models.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { answer, prepare, type Stage, settingsFor } from './answering.ts';
import { chatCompletions } from './formats/chat-completions.ts';
import { type Format, isAnthropic } from './formats/format.ts';
import { messages } from './formats/messages.ts';
import { readCounted } from './formats/messages-request.ts';
import { LOCAL_MODEL } from './settings.ts';
import { inputTokens } from './stream/play.ts';

export function addRoutes(app: FastifyInstance, stage: Stage): void {
  addAnswers(app, '/v1/chat/completions', chatCompletions, stage);
  addAnswers(app, '/v1/messages', messages, stage);
  app.post('/v1/messages/count_tokens', (request) => {
    const { model, question } = readCounted(request.body);
    settingsFor(request, model, stage.settings);
    return { input_tokens: inputTokens(question) };
  });
  app.get('/v1/models', (request) => {
    const data = [modelFor(request)];
    if (!isAnthropic(request)) return { object: 'list', data };
    return { data, has_more: false, first_id: LOCAL_MODEL, last_id: LOCAL_MODEL };
  });
  app.get<{ Params: { model: string } }>('/v1/models/:model', (request) => {
    settingsFor(request, request.params.model, stage.settings);
    return modelFor(request);
  });
}

function addAnswers(app: FastifyInstance, path: string, format: Format, stage: Stage): void {
  app.post(path, async (request, reply) => {
    const asked = format.read(request.body);
    await answer(reply, asked, prepare(request, asked, stage, format.overloaded), stage);
    return reply;
  });
}

const modelFor = (request: FastifyRequest): object =>
  isAnthropic(request)
    ? {
        type: 'model',
        id: LOCAL_MODEL,
        display_name: 'Local model (no language model)',
        created_at: '2026-01-01T00:00:00Z',
      }
    : { id: LOCAL_MODEL, object: 'model', created: 1_767_225_600, owned_by: 'sockudo' };
