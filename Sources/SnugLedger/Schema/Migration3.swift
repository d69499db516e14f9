// SPDX-License-Identifier: Apache-2.0

/// The third version of the tables: outputs of fitted folders.
///
/// It has landed: it never changes again.
enum Migration3 {
    static let name = "3 outputs"

    static let statements = [outputs]

    /// Names are bytes. No row number: all rows of a folder are read together.
    private static let outputs = """
        CREATE TABLE outputs (
            folder BLOB NOT NULL,
            name BLOB NOT NULL,
            input BLOB NOT NULL,
            payload TEXT NOT NULL,
            updated_at INTEGER NOT NULL,
            PRIMARY KEY (folder, name)
        ) STRICT, WITHOUT ROWID;
        """
}
