// Every path of push (push.md section 4).
import type { AppRoute } from '@sockudo/server/plugins';
import type { PushService } from '../service.ts';
import { deviceRoutes } from './devices.ts';
import { credentialRoutes, templateRoutes } from './material.ts';
import { publishRoutes } from './publishes.ts';
import { readRoutes } from './reads.ts';
import { subscriptionRoutes } from './subscriptions.ts';

/** @param service the one of the running server; not asked before it serves */
export const pushRoutes = (service: () => PushService): readonly AppRoute[] => [
  ...credentialRoutes(service),
  ...templateRoutes(service),
  ...deviceRoutes(service),
  ...subscriptionRoutes(service),
  ...publishRoutes(service),
  ...readRoutes(service),
];
