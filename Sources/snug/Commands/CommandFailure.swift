// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugGeneration
import SnugHTTP
import SnugImage
import SnugUpload

/// Tells a person of an error that ends a command, and gives it its exit code.
enum CommandFailure {
    /// - Throws: `ExitCode`; `CancellationError` as it is.
    static func told<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as GenerationError {
            throw tell(error.message, isUsage: isUsage(error))
        } catch let error as HTTPError {
            throw tell(error.message, isUsage: error.code == .invalidURL)
        } catch let error as UploadError {
            throw tell(error.message, isUsage: error.code == .invalidTarget)
        } catch let error as ValidationError {
            // Of arguments that parsed well: how they are written is not what is wrong.
            throw tell(error.message, isUsage: true)
        } catch let error as ImageError {
            throw tell(error.namingOptions.message, isUsage: error.code == .invalidArgument)
        }
    }

    /// Whether nothing was sent because it cannot be right.
    static func isUsage(_ error: GenerationError) -> Bool {
        [.invalidRequest, .hostNeeded].contains(error.code) && error.attempts.isEmpty
    }

    private static func tell(_ message: String, isUsage: Bool) -> ExitCode {
        OutputStream.standardError.writeLine("Error: \(PrintableName.escaped(message))")
        return ExitCode(isUsage ? 64 : 1)
    }
}
