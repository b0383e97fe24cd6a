import { startSuite } from '@huiliu/testing';
import { platformChannels } from './platform-channels';

describe('played channels in one process', () => {
  platformChannels(startSuite, () => 'suite');
});
