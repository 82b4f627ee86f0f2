export { readLines } from './lib/transport/lines.ts';
export type { Receiver, Transport } from './lib/transport/transport.ts';
export { memoryTransports } from './lib/transport/memory-transport.ts';
export { StreamTransport, type StreamTransportOptions } from './lib/transport/stream-transport.ts';
export { standardStreams } from './lib/transport/standard-streams.ts';
export {
  connectTransport,
  listenTransport,
  type SocketAddress,
  type TransportListener,
} from './lib/transport/socket-transport.ts';
export type { ChannelReport, OnReport } from './lib/channel/report.ts';
export {
  ModuleChannel,
  moduleChannel,
  type ModuleSideChannel,
  orchestratorChannel,
  type OrchestratorChannel,
} from './lib/channel/module-channel.ts';
export { type FetchHandler, fetchHandler } from './lib/http-ipc/fetch-handler.ts';
export { WholeResponse } from './lib/http-ipc/whole-response.ts';
export type { HandlerOptions } from './lib/exchange/exchange-server.ts';
export { HttpIpcServer, type HttpIpcServerOptions } from './lib/http-ipc/http-ipc-server.ts';
export { HttpIpcClient, type HttpIpcClientOptions } from './lib/http-ipc/http-ipc-client.ts';
export type { IpcHandler, IpcRequest, IpcResponse, IpcServerRequest } from './lib/http-ipc/ipc-messages.ts';
export type { IpcMetrics } from './lib/http-ipc/ipc-metrics.ts';
export { HttpIpcRouter, type Middleware } from './lib/http-ipc/http-ipc-router.ts';
export {
  type ApiResponse,
  badRequest,
  errorResponse,
  getQueryParams,
  internalError,
  jsonResponse,
  notFound,
  parseJsonBody,
  type ResponseOptions,
  success,
} from './lib/http-ipc/api-response.ts';
export type { ModuleHttp, ModuleRequestInit } from './lib/http-ipc/module-http.ts';
export { HttpTcpServer, type HttpTcpServerOptions } from './lib/http-tcp/http-tcp-server.ts';
export { HttpTcpClient, type HttpTcpClientOptions } from './lib/http-tcp/http-tcp-client.ts';
export type { ClientTls, ServerTls } from './lib/http-tcp/tls-identity.ts';
export { formatListen, parseListen } from './lib/port/listen-address.ts';
export { type NegotiatedPort, PortNegotiator, type PortNegotiatorOptions, type PortWish } from './lib/port/port-negotiator.ts';
export type { PortConfig, PortSource } from './lib/port/negotiation.ts';
export { answerPortRequests, PortPool, type PortPoolOptions } from './lib/port/port-pool.ts';
export { type BreakerConfig, type BreakerOutcome, type BreakerState } from './lib/breaker/breaker-state.ts';
export { CircuitBreaker } from './lib/breaker/circuit-breaker.ts';
export { FailoverClient, type FailoverClientOptions, type RoutedRequest } from './lib/failover/failover-client.ts';
export type { ChannelReportCard } from './lib/failover/failover-channel.ts';
export type { ChannelName, ChannelPreferences, RequestTraits } from './lib/failover/channel-choice.ts';
export { isIdempotent } from './lib/http-ipc/idempotent.ts';
export { wasNotSent } from './lib/http-ipc/not-sent.ts';
export { fastifyHandler, type Injectable } from './lib/http-ipc/fastify-handler.ts';
export { Redactor, REDACTED } from './lib/secrets/redactor.ts';
export { Secret } from './lib/secrets/secret.ts';
export {
  chainedSecrets,
  environmentSecrets,
  fileSecrets,
  memorySecrets,
  type SecretProvider,
} from './lib/secrets/secret-provider.ts';
export { SecretClient, type SecretClientOptions, type SecretEvent, type SecretMode } from './lib/secrets/secret-client.ts';
export { type RotationOutcome, SecretHost, type SecretHostOptions } from './lib/secrets/secret-host.ts';
export { runModule } from './lib/run-module.ts';
export { attachModule, type AttachModuleOptions } from './lib/attach/attach-module.ts';
export type { Reconnect } from './lib/attach/reconnect.ts';
export { stayConnected, type StayOptions } from './lib/attach/stay-connected.ts';
export { AttachListener, type AttachListenerOptions, type AttachRequest } from './lib/attach/attach-listener.ts';
export type { FrameFormat } from './lib/frames/frame.ts';
export { FramedTransport, type FramedTransportOptions } from './lib/frames/framed-transport.ts';
export type { BatchConfig } from './lib/frames/message-batch.ts';
export { ModuleRegistration, type RegisteredModule, type RegistrationOptions } from './lib/registration/module-registration.ts';
export { Registration } from './lib/registration/registration.ts';
export {
  type ModuleContext,
  type RunningModule,
  serveModule,
  type ServeModuleOptions,
  type StartModule,
} from './lib/serve-module.ts';
export { createTestHost, type TestHost, type TestHostOptions } from './lib/test-host/test-host.ts';
export { ModuleTrace, type ModuleTraceOptions, type OpenSpan } from './lib/module-trace.ts';
export { openModuleTrace } from './lib/open-module-trace.ts';
export { type JwtAlgorithm, type JwtConfig, jwtConfigFromEnvironment } from './lib/jwt/jwt-config.ts';
export { type JwtClaims, JwtValidator, tokenFromHeader, type TokenValidator } from './lib/jwt/jwt-validator.ts';
export { jwtConnector } from './lib/jwt/jwt-connector.ts';
export { HostTokenValidator } from './lib/jwt/host-token-validator.ts';
export { claimsOf, type JwtGuardOptions } from './lib/jwt/jwt-guard.ts';
export { jwtExpress, jwtFastify, jwtHono, jwtMiddleware, withJwt } from './lib/jwt/jwt-middleware.ts';
export { type AppState } from './lib/application/app-state.ts';
export { type AppChannelHealth } from './lib/application/app-channels.ts';
export { type ChannelWishes, type TcpChannelWish } from './lib/application/open-channels.ts';
export { defineModule, type Endpoint, type ModuleDefinition } from './lib/application/define-module.ts';
export { type ServiceConnection, type ServiceConnector, serviceKey, type ServiceType } from './lib/services/service-connector.ts';
export { ServiceClient } from './lib/services/service-client.ts';
export { type ServiceProvider, type ServiceRegistration, ServiceRegistry } from './lib/services/service-registry.ts';
export { type MessageRouter } from './lib/messaging/message-router.ts';
export { MessageClient, type MessageHandler, type TopicListener } from './lib/messaging/message-client.ts';
export type { StreamHandler } from './lib/messaging/incoming-streams.ts';
export { ModuleHub, type ModuleHubOptions } from './lib/hub/module-hub.ts';
export { Database, databaseConnection, type SqlSession, type SqlStatement, type SqlValue } from './lib/databases/database.ts';
export { sqliteConnector, type SqliteConnectorOptions } from './lib/databases/sqlite-connector.ts';
export { Cache, cacheConnection, type CacheSession } from './lib/caches/cache.ts';
export { memoryCacheConnector, type MemoryCacheOptions } from './lib/caches/memory-cache-connector.ts';
export { sqliteCacheConnector, type SqliteCacheOptions } from './lib/caches/sqlite-cache-connector.ts';
