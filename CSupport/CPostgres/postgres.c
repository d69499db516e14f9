// SPDX-License-Identifier: Apache-2.0
#include "CPostgres.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

static void be_quiet(void *argument, const PGresult *result) {
    (void)argument;
    (void)result;
}

snug_pg_connection *snug_pg_connect(const char *connection_string) {
    // Later ones win: the connection string may change all but the encoding. A peer that says nothing any more is given
    // up after half a minute.
    const char *const keywords[] = {"connect_timeout",    "keepalives_idle", "keepalives_interval",
                                    "keepalives_count",   "tcp_user_timeout", "fallback_application_name",
                                    "dbname",             "client_encoding", NULL};
    const char *const values[] = {"10", "10", "5", "4", "30000", "snug", connection_string, "UTF8", NULL};
    PGconn *connection = PQconnectdbParams(keywords, values, 1);
    if (connection) PQsetNoticeReceiver(connection, be_quiet, NULL);
    return connection;
}

void snug_pg_close(snug_pg_connection *connection) { PQfinish(connection); }

bool snug_pg_is_connected(snug_pg_connection *connection) { return PQstatus(connection) == CONNECTION_OK; }

bool snug_pg_is_in_transaction(snug_pg_connection *connection) {
    PGTransactionStatusType status = PQtransactionStatus(connection);
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

const char *snug_pg_message(snug_pg_connection *connection) { return PQerrorMessage(connection); }

int snug_pg_version(snug_pg_connection *connection) { return PQserverVersion(connection); }

snug_pg_result *snug_pg_run(snug_pg_connection *connection, const char *sql) { return PQexec(connection, sql); }

snug_pg_result *snug_pg_prepare(snug_pg_connection *connection, const char *name, const char *sql) {
    return PQprepare(connection, name, sql, 0, NULL);
}

snug_pg_result *snug_pg_execute(snug_pg_connection *connection, const char *name, int count,
                                const char *const *values) {
    return PQexecPrepared(connection, name, count, values, NULL, NULL, 0);
}

snug_pg_status snug_pg_result_status(const snug_pg_result *result) {
    switch (PQresultStatus(result)) {
    case PGRES_TUPLES_OK: return SNUG_PG_ROWS;
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY: return SNUG_PG_DONE;
    default: return SNUG_PG_FAILED;
    }
}

const char *snug_pg_result_state(const snug_pg_result *result) {
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return state ? state : "";
}

const char *snug_pg_result_message(const snug_pg_result *result) {
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    return message ? message : PQresultErrorMessage(result);
}

int snug_pg_result_row_count(const snug_pg_result *result) { return PQntuples(result); }

int snug_pg_result_column_count(const snug_pg_result *result) { return PQnfields(result); }

int snug_pg_result_changed_count(snug_pg_result *result) { return atoi(PQcmdTuples(result)); }

const char *snug_pg_result_value(const snug_pg_result *result, int row, int column, size_t *length) {
    if (PQgetisnull(result, row, column)) return NULL;
    *length = (size_t)PQgetlength(result, row, column);
    return PQgetvalue(result, row, column);
}

void snug_pg_result_free(snug_pg_result *result) { PQclear(result); }

bool snug_pg_is_connection_string(const char *text) {
    PQconninfoOption *options = PQconninfoParse(text, NULL);
    PQconninfoFree(options);
    return options != NULL;
}

char *snug_pg_connection_value(const char *connection_string, const char *keyword) {
    PQconninfoOption *options = PQconninfoParse(connection_string, NULL);
    char *found = NULL;
    for (PQconninfoOption *option = options; option && option->keyword; option++)
        if (option->val && strcmp(option->keyword, keyword) == 0) found = strdup(option->val);
    PQconninfoFree(options);
    return found;
}
