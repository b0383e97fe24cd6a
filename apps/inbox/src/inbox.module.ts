import { Module } from '@nestjs/common';
import { InboxCoreModule } from './inbox-core.module';
import { InboxEdgesModule } from './inbox-edges.module';

/** The inbox: the record of who wrote what, and who may see it. */
@Module({ imports: [InboxEdgesModule, InboxCoreModule], exports: [InboxEdgesModule] })
export class InboxModule {}
