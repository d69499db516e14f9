// SPDX-License-Identifier: Apache-2.0

/// The seventh version of the tables: the processes of a fleet, and when each was seen.
///
/// It has landed: it never changes again.
enum Migration7 {
    static let name = "7 hosts"

    static let statements = [
        """
        CREATE TABLE hosts (
            key TEXT NOT NULL PRIMARY KEY,
            payload TEXT NOT NULL,
            version INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            expires_at INTEGER
        ) STRICT;
        CREATE INDEX hosts_created ON hosts (created_at, key);
        CREATE INDEX hosts_expiry ON hosts (expires_at) WHERE expires_at IS NOT NULL;
        """
    ]
}
