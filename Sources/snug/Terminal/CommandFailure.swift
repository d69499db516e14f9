// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugGeneration
import SnugHTTP
import SnugImage
import SnugLedger
import SnugPipeline
import SnugSystem
import SnugUpload

/// Reports an error that ends a command, and gives it its exit code.
enum CommandFailure {
    /// Reports failures of requests as JSON on standard output, too.
    /// - Throws: `ExitCode`; `CancellationError` as it is.
    static func told<Result>(json: Bool, _ body: () async throws -> Result) async throws -> Result {
        try await told {
            do {
                return try await body()
            } catch let error as GenerationError {
                if json { write(error.json()) }
                throw error
            } catch let error as HTTPError {
                if json { write(.error(code: error.code.description, message: error.message, details: [:])) }
                throw error
            } catch let error as LedgerError {
                if json { write(error.json) }
                throw error
            }
        }
    }

    private static func write(_ error: JSONValue) {
        OutputStream.standardOutput.writeLine((["error": error] as JSONValue).description)
    }

    /// - Throws: `ExitCode`; `CancellationError` as it is.
    static func told<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as GenerationError {
            throw tell(error.message, isUsage: error.isInvalidRequest)
        } catch let error as HTTPError {
            throw tell(error.message, isUsage: error.code == .invalidURL)
        } catch let error as UploadError where error.code == .nameCollision {
            throw tell("\(error.message) (--number-duplicates)", isUsage: true)
        } catch let error as UploadError {
            throw tell(error.message, isUsage: error.code == .invalidTarget)
        } catch let error as LedgerError {
            throw tell(error.message, isUsage: false)
        } catch let error as ValidationError {
            // The arguments parsed: their spelling is not at fault, so the usage is not shown.
            throw tell(error.message, isUsage: true)
        } catch let error as ImageError {
            throw tell(error.namingOptions.message, isUsage: error.code == .invalidArgument)
        }
    }

    private static func tell(_ message: String, isUsage: Bool) -> ExitCode {
        let message = Remedy.named(message, Remedy.requests)
        OutputStream.standardError.writeLine("Error: \(PrintableName.escaped(message))")
        return ExitCode(isUsage ? 64 : 1)
    }
}
