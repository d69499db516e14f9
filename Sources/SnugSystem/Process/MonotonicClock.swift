// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Time since boot, by the clock that service managers use.
package enum MonotonicClock {
    package static var microseconds: Int {
        var now = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        return Int(now.tv_sec) * 1_000_000 + Int(now.tv_nsec) / 1000
    }
}
