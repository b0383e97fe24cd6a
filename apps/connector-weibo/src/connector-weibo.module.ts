import { Module } from '@nestjs/common';
import { ConnectorHostModule } from '@huiliu/connector-kit';
import { weiboConnector } from './weibo/runtime';

/** The connector of Weibo: the fans service 粉丝服务, comments and mentions. */
@Module({ imports: [ConnectorHostModule.forRoot({ app: 'connector-weibo', connectors: [weiboConnector] })] })
export class ConnectorWeiboModule {}
