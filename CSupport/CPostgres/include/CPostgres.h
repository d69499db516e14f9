// SPDX-License-Identifier: Apache-2.0
#ifndef SNUG_CPOSTGRES_H
#define SNUG_CPOSTGRES_H

#include <stdbool.h>
#include <stddef.h>

// Connections to PostgreSQL by libpq. Each call blocks its thread; a connection is used by one thread at a time.

#pragma clang assume_nonnull begin

/// A connection, which may be broken. Close it with `snug_pg_close`.
typedef struct pg_conn snug_pg_connection;
/// The result of a statement. Free it with `snug_pg_result_free`.
typedef struct pg_result snug_pg_result;

typedef enum __attribute__((enum_extensibility(closed))) snug_pg_status {
    SNUG_PG_DONE __attribute__((swift_name("done"))) = 0,
    SNUG_PG_ROWS __attribute__((swift_name("rows"))),
    SNUG_PG_FAILED __attribute__((swift_name("failed"))),
} snug_pg_status;

/// Loads libpq. NULL when it is there, else the name of the file that is not: nothing else here may be called then. Any
/// thread may call it, as often as it likes.
const char *_Nullable snug_pg_load(void);

/// Connects, waiting as long as the connection string says (10 s where it says nothing).
///
/// A connection that does not work is returned all the same: `snug_pg_is_connected` tells, and `snug_pg_message` says
/// why. NULL only when memory is short.
snug_pg_connection *_Nullable snug_pg_connect(const char *connection_string);
void snug_pg_close(snug_pg_connection *connection);

/// True until the connection is known to be broken.
bool snug_pg_is_connected(snug_pg_connection *connection);
/// True while a transaction is open, a failed one included.
bool snug_pg_is_in_transaction(snug_pg_connection *connection);
/// The last failure, in the service's words. Valid until the next call.
const char *snug_pg_message(snug_pg_connection *connection);
/// The service's version, such as 150018 for 15.18.
int snug_pg_version(snug_pg_connection *connection);

/// Runs statements without parameters, separated by semicolons; the result is that of the last one.
///
/// NULL when memory is short or the connection is broken.
snug_pg_result *_Nullable snug_pg_run(snug_pg_connection *connection, const char *sql);
/// Prepares a statement under a name; its parameters are `$1`, `$2` and so on.
snug_pg_result *_Nullable snug_pg_prepare(snug_pg_connection *connection, const char *name, const char *sql);
/// Executes a prepared statement with values in the text form of their types, NULL for no value.
snug_pg_result *_Nullable snug_pg_execute(snug_pg_connection *connection, const char *name, int count,
                                          const char *_Nullable const *_Nullable values);

snug_pg_status snug_pg_result_status(const snug_pg_result *result);
/// The five characters of the failure's SQLSTATE; empty where there are none.
const char *snug_pg_result_state(const snug_pg_result *result);
/// The failure in the service's words.
const char *snug_pg_result_message(const snug_pg_result *result);
int snug_pg_result_row_count(const snug_pg_result *result);
int snug_pg_result_column_count(const snug_pg_result *result);
/// Rows that the statement has changed.
int snug_pg_result_changed_count(snug_pg_result *result);
/// A value in the text form of its type, of `length` bytes; NULL for no value. Valid until the result is freed.
const char *_Nullable snug_pg_result_value(const snug_pg_result *result, int row, int column, size_t *length);
void snug_pg_result_free(snug_pg_result *result);

/// True for a connection string that libpq can read.
bool snug_pg_is_connection_string(const char *text);
/// The value of a keyword such as `host` in a connection string, to be freed with `free`; NULL when it has none.
char *_Nullable snug_pg_connection_value(const char *connection_string, const char *keyword);

#pragma clang assume_nonnull end

#endif
