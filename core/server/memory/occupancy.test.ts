import { occupancyContract } from '../ports/occupancy.contract.ts';
import { createMemoryOccupancy } from './occupancy.ts';

occupancyContract('memory', async () => createMemoryOccupancy());
