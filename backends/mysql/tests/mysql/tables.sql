CREATE TABLE schema_version (version integer PRIMARY KEY, minor integer);
INSERT INTO schema_version VALUES (34, 0);
CREATE TABLE lease_state (state int unsigned PRIMARY KEY, name varchar(64) NOT NULL);
INSERT INTO lease_state VALUES (0,'default'),(1,'declined'),(2,'expired-reclaimed'),(3,'released'),(4,'registered');
CREATE TABLE lease4 (address int unsigned PRIMARY KEY, hwaddr varbinary(255), client_id varbinary(255), valid_lifetime int unsigned, expire timestamp NULL, subnet_id int unsigned, fqdn_fwd boolean, fqdn_rev boolean, hostname varchar(255), state int unsigned DEFAULT 0 REFERENCES lease_state, user_context text, relay_id varbinary(255), remote_id varbinary(255), pool_id int unsigned NOT NULL DEFAULT 0);
CREATE INDEX lease4_by_client_id_subnet_id ON lease4 (client_id, subnet_id);
CREATE INDEX lease4_by_hwaddr_subnet_id ON lease4 (hwaddr, subnet_id);
CREATE INDEX lease4_by_expire_state ON lease4 (expire, state);
CREATE TABLE lease4_stat (subnet_id int unsigned NOT NULL, state int unsigned NOT NULL, leases int unsigned, PRIMARY KEY (subnet_id, state));
