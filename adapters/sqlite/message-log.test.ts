import { messageLogContract } from '../../core/server/ports/message-log.contract.ts';
import { openInFolder, TIGHT } from './open-log.fixture.ts';

messageLogContract('sqlite', openInFolder(), { runs: 25 });
messageLogContract('sqlite, within tight bounds', openInFolder(TIGHT), { runs: 50 });
