// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugPipeline
import SnugSystem

#if Server
    import SnugServer
#endif

/// The failure of a command that runs as a service.
enum ServiceFailure {
    /// Tells an error, and returns the exit code for it.
    /// - Parameter json: True to print the error as JSON too.
    /// - Returns: An exit code; the error itself where it is of another kind.
    static func exitCode(_ error: any Error, json: Bool = false) -> any Error {
        #if Server
            if let error = error as? ServerConfigurationError {
                let value = JSONValue.error(code: "invalid_configuration", message: error.message, details: [:])
                return report(error.message, value, 64, json)
            }
        #endif
        switch error {
        case let error as ConfigurationError: return report(error.description, error.json, 64, json)
        case let error as DaemonError:
            let isUsage = [.invalidConfiguration, .foldersOverlap, .secretMissing].contains(error.code)
            let value = JSONValue.error(code: error.code.description, message: error.message, details: [:])
            return report(error.message, value, isUsage ? 64 : 1, json)
        default: return error
        }
    }

    private static func report(_ message: String, _ value: JSONValue, _ code: Int32, _ json: Bool) -> ExitCode {
        if json { OutputStream.standardOutput.writeLine((["error": value] as JSONValue).description) }
        for line in message.split(separator: "\n") {
            OutputStream.standardError.writeLine("Error: \(PrintableName.escaped(String(line)))")
        }
        return ExitCode(code)
    }
}
