// Credentials and templates (push.md sections 4.1 and 3.5).
import { httpError } from '@sockudo/protocol';
import type { AppRoute } from '@sockudo/server/plugins';
import { CREDENTIAL_WORDS, parseCredential } from '../credentials/material.ts';
import type { PushService } from '../service.ts';
import { parseTemplate, templateView } from '../templates/template.ts';
import { answer, guarded, jsonBody, NOTHING, pathId } from './answers.ts';
import { requireAdmin } from './caller.ts';
import { listAnswer, listRequest } from './lists.ts';

export const credentialRoutes = (service: () => PushService): readonly AppRoute[] => [
  {
    kind: 'app',
    path: '/apps/:appId/push/credentials',
    methods: {
      GET: async (call) => {
        requireAdmin(call.request);
        const { items, next } = await service().credentials.list(
          call.app.id,
          listRequest(call, 'credential'),
        );
        return listAnswer(call, 'credential', items, next);
      },
    },
  },
  ...CREDENTIAL_WORDS.map(
    (word): AppRoute => ({
      kind: 'app',
      path: `/apps/:appId/push/credentials/${word}`,
      methods: {
        POST: guarded(async (call) => {
          requireAdmin(call.request);
          const { credentials, vapidContact } = service();
          const credential = parseCredential(word, jsonBody(call), vapidContact);
          return answer(201, await credentials.put(call.app.id, credential));
        }),
      },
    }),
  ),
];

export const templateRoutes = (service: () => PushService): readonly AppRoute[] => [
  {
    kind: 'app',
    path: '/apps/:appId/push/templates',
    methods: {
      POST: guarded(async (call) => {
        requireAdmin(call.request);
        const template = parseTemplate(jsonBody(call));
        await service().templates.put(call.app.id, template);
        return answer(201, templateView(call.app.id, template));
      }),
      GET: async (call) => {
        requireAdmin(call.request);
        const { items, next } = await service().templates.list(call.app.id, listRequest(call, 'template'));
        const views = items.map((template) => templateView(call.app.id, template));
        return listAnswer(call, 'template', views, next);
      },
    },
  },
  {
    kind: 'app',
    path: '/apps/:appId/push/templates/:templateId',
    methods: {
      GET: async (call) => {
        requireAdmin(call.request);
        const template = await service().templates.get(call.app.id, pathId(call, 'templateId'));
        if (template === null) throw httpError('not_found', 'template not found');
        return answer(200, templateView(call.app.id, template));
      },
      DELETE: async (call) => {
        requireAdmin(call.request);
        await service().templates.remove(call.app.id, pathId(call, 'templateId'));
        return NOTHING;
      },
    },
  },
];
