import 'reflect-metadata';
import { runConnector } from '@huiliu/connector-kit';
import { ConnectorEmailModule } from './connector-email.module';

void runConnector('connector-email', ConnectorEmailModule, { needsBoth: true });
