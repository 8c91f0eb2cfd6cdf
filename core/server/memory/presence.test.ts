import { presenceContract } from '../ports/presence.contract.ts';
import { createMemoryPresence } from './presence.ts';

presenceContract('memory', async () => createMemoryPresence());
