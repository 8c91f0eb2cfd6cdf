import { channelLogContract } from '../../core/server/ports/channel-log.contract.ts';
import { openInFolder, TIGHT } from './open-log.fixture.ts';

channelLogContract('sqlite', openInFolder(), { runs: 25 });
channelLogContract('sqlite, within tight bounds', openInFolder(TIGHT), { runs: 50 });
