// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugPipeline
import SnugSystem

extension LedgerError {
    /// The error as JSON.
    var json: JSONValue { .error(code: code.description, message: message, details: [:]) }
}
