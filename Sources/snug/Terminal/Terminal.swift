// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CPlatform
import SnugImage
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension OutputStream {
    /// Ends the command with a message when results could not be written.
    ///
    /// A reader that has seen enough is no failure: `snug profiles | head`.
    func checkDelivered() throws {
        guard let failure, failure != .brokenPipe else { return }
        let error = SystemFailure(doing: "write standard output", reason: failure).imageError
        OutputStream.standardError.writeLine("snug: \(error.message) (\(error.code))")
        throw ExitCode(1)
    }
}

/// What the environment says about the terminal and the machine.
enum Terminal {
    /// A terminal that cannot move its cursor.
    static var isDumb: Bool {
        let name = environment("TERM")
        return name == nil || name == "" || name == "dumb"
    }

    /// The user wants no colour (no-color.org: set, and not empty).
    static var refusesColour: Bool { environment("NO_COLOR").map { !$0.isEmpty } ?? false }

    /// Columns by the environment, for terminals that do not say themselves.
    static var columnsByEnvironment: Int? {
        environment("COLUMNS").flatMap(Int.init).flatMap { $0 > 0 && $0 < 100_000 ? $0 : nil }
    }

    /// Cores that this process may use.
    static var coreCount: Int {
        let usable = Int(snug_usable_core_count())
        return usable > 0 ? usable : max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }

    /// A variable of the environment.
    static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }
}
