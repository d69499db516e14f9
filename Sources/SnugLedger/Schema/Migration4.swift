// SPDX-License-Identifier: Apache-2.0

/// The fourth version of the tables: requests that a client may repeat, uploads that the server
/// receives, and messages to webhooks.
///
/// It has landed: it never changes again.
enum Migration4 {
    static let name = "4 requests, received uploads and messages"

    static let statements = ["requests", "received_uploads", "messages"].map { table in
        """
        CREATE TABLE \(table) (
            key TEXT NOT NULL PRIMARY KEY,
            payload TEXT NOT NULL,
            version INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            expires_at INTEGER
        ) STRICT;
        CREATE INDEX \(table)_created ON \(table) (created_at, key);
        CREATE INDEX \(table)_expiry ON \(table) (expires_at) WHERE expires_at IS NOT NULL;
        """
    }
}
