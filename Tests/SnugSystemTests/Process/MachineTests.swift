// SPDX-License-Identifier: Apache-2.0
import Glibc
import SnugSystem
import Testing

@Suite struct MachineTests {
    @Test("The machine has cores, memory and files to open")
    func resources() throws {
        #expect(Machine.usableCoreCount >= 1)
        #expect(Machine.usableCoreCount <= sysconf(Int32(_SC_NPROCESSORS_CONF)))
        let memory = try #require(Machine.memoryBytes)
        #expect(memory > 16 << 20)
        #expect(Machine.openFileLimit.map { $0 > 0 } ?? true)
    }

    @Test("The process knows itself")
    func process() {
        #expect(Machine.processID == getpid() && Machine.userID == getuid())
    }

    @Test("A variable is found, and a missing one is not")
    func environment() {
        #expect(Machine.environment("PATH")?.isEmpty == false)
        #expect(Machine.environment("SNUG_NO_SUCH_VARIABLE") == nil)
    }

    @Test("The time of day is this century's")
    func wallClock() {
        let milliseconds = WallClock.milliseconds
        #expect(milliseconds > 1_700_000_000_000)
        #expect(abs(WallClock.seconds - time(nil)) <= 1)
    }
}
