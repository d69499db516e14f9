// SPDX-License-Identifier: Apache-2.0
package import SystemPackage

/// Clients that others wrote, used by the scripts of `Tests/clients`.
package enum RealClient {
    /// Their packages, apart from those of the servers: versions need not agree.
    private static let packages = RealServer.tests.removingLastComponent().appending(".build/test-clients")

    /// Installs them.
    /// - Throws: `RealServer.Unavailable`.
    package static func install() async throws {
        try await RealServer.install("clients", environment: ["VENV": packages.string])
    }

    /// Runs a script to its end. It blocks.
    /// - Parameter log: Gets everything that it says.
    /// - Returns: The exit code.
    package static func run(_ script: String, _ arguments: [String], log: FilePath) throws -> Int32 {
        let path = RealServer.tests.appending("clients").appending(script)
        // A bound in case that the server hangs.
        let command = ["/usr/bin/timeout", "-s", "KILL", "120", packages.appending("bin/python").string, path.string]
        return try ChildProcess(
            command + arguments, environment: ["PYTHONDONTWRITEBYTECODE": "1"], folder: log.removingLastComponent(),
            output: log, errors: log
        ).wait()
    }
}
