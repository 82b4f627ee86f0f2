// Databases in PostgreSQL, apart from the rest so that only who uses them loads their client.
export { postgresConnector, type PostgresConnectorOptions } from './lib/databases/postgres-connector.ts';
