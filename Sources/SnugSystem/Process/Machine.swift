// SPDX-License-Identifier: Apache-2.0
import CPlatform
import Glibc

/// The machine's resources and this process's place on it.
package enum Machine {
    /// Cores that this process may run on; at least one.
    package static var usableCoreCount: Int {
        let usable = Int(snug_usable_core_count())
        return usable > 0 ? usable : max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    }

    /// Bytes of physical memory; `nil` where the system does not tell.
    package static var memoryBytes: Int? {
        let pages = sysconf(Int32(_SC_PHYS_PAGES))
        let size = sysconf(Int32(_SC_PAGESIZE))
        guard pages > 0, size > 0 else { return nil }
        let (bytes, overflows) = pages.multipliedReportingOverflow(by: size)
        return overflows ? .max : bytes
    }

    /// Files that this process may have open at once; `nil` where there is no limit.
    package static var openFileLimit: Int? {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        return limit.rlim_cur == rlim_t.max ? nil : Int(clamping: limit.rlim_cur)
    }

    package static var processID: Int32 { getpid() }

    package static var userID: UInt32 { getuid() }

    /// The machine's own name, without a domain; `nil` where it has none.
    package static var hostName: String? {
        // The end stays 0, whatever the system writes.
        var bytes = [CChar](repeating: 0, count: 257)
        let isThere = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return false }
            return unsafe gethostname(start, buffer.count - 1) == 0
        }
        guard isThere else { return nil }
        let name = bytes.prefix { $0 != 0 && $0 != CChar(UInt8(ascii: ".")) }.map { UInt8(bitPattern: $0) }
        return name.isEmpty ? nil : String(validating: name, as: UTF8.self)
    }

    /// A variable of the environment.
    package static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }
}

/// The time of day, which may jump: for records and people, never for waiting.
package enum WallClock {
    /// Seconds since 1970.
    package static var seconds: Int { milliseconds / 1000 }

    /// Milliseconds since 1970.
    package static var milliseconds: Int {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        return Int(now.tv_sec) * 1000 + Int(now.tv_nsec) / 1_000_000
    }
}
