import { Module } from '@nestjs/common';
import { Epoch } from './epoch';
import { RoutingController } from './routing.controller';
import { RoutingService } from './routing.service';
import { StateRepository } from './state.repository';

/** Queues, offers and matching. Sees no message text. */
@Module({
  controllers: [RoutingController],
  providers: [RoutingService, StateRepository, Epoch],
  exports: [RoutingService],
})
export class RoutingModule {}
