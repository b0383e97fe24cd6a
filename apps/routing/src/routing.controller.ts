import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { OnEvents, type EventBatch } from '@huiliu/bus';
import { ROUTING_WORK, type RoutingWorkEvent } from '@huiliu/contracts';
import { RoutingService } from './routing.service';

/** Where work comes in. */
@Controller()
export class RoutingController {
  constructor(private readonly routing: RoutingService) {}

  @OnEvents(ROUTING_WORK, { group: 'routing', maxBatch: 500 })
  handleWork(@Payload() batch: EventBatch<RoutingWorkEvent['data']>): Promise<void> {
    return this.routing.handle(batch);
  }
}
