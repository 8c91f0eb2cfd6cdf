import { channelRecordsContract } from '../../core/server/ports/channel-records.contract.ts';
import { openInFolder, TIGHT } from './open-log.fixture.ts';

channelRecordsContract('sqlite', openInFolder(), { runs: 25 });
channelRecordsContract('sqlite, within tight bounds', openInFolder(TIGHT), { runs: 25 });
