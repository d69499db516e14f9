// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The processor time of the calling thread, to keep idle work within its share.
package enum ThreadClock {
    package static var now: Duration {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
