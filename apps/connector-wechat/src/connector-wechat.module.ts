import { Module } from '@nestjs/common';
import { ConnectorHostModule } from '@huiliu/connector-kit';
import { wechatOfficialConnector } from './wechat-official/runtime';
import { wecomKfConnector } from './wecom-kf/runtime';
import { wechatyConnector } from './wechaty/runtime';

/** The connectors of Tencent's platforms, a folder each. */
@Module({
  imports: [
    ConnectorHostModule.forRoot({
      app: 'connector-wechat',
      connectors: [wechatOfficialConnector, wecomKfConnector, wechatyConnector],
    }),
  ],
})
export class ConnectorWechatModule {}
