import { Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';
import { Conversation, Id } from '@huiliu/contracts';
import { ZodAnswers, ZodParam } from '@huiliu/platform';
import { AgentGuard } from '../auth/guards';
import { CurrentViewer, type Viewer } from '../auth/viewer';
import { OffersService } from './offers.service';

@Controller('api/v1/offers')
@ApiBearerAuth()
@UseGuards(AgentGuard)
export class OffersController {
  constructor(private readonly offers: OffersService) {}

  @Post(':id/accept')
  @HttpCode(200)
  @ZodAnswers(Conversation)
  accept(@CurrentViewer() viewer: Viewer, @ZodParam('id', Id) id: string): Promise<Conversation> {
    return this.offers.accept(viewer, id);
  }

  @Post(':id/decline')
  @HttpCode(200)
  @ZodAnswers(Conversation)
  decline(@CurrentViewer() viewer: Viewer, @ZodParam('id', Id) id: string): Promise<Conversation> {
    return this.offers.decline(viewer, id);
  }
}
