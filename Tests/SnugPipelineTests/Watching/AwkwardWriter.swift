// SPDX-License-Identifier: Apache-2.0

/// A program that writes a file in a way of its own.
struct AwkwardWriter: Sendable {
    var habit: String
    var script: String

    /// Scripts that write the file SOURCE under the name `a.jpg` into the folder that they run in.
    static let all = [
        AwkwardWriter(
            habit: "slow, with pauses longer than the settle time",
            script: """
                with open("a.jpg", "wb") as f:
                    for part in parts(4):
                        f.write(part); f.flush(); time.sleep(0.35)
                """
        ),
        AwkwardWriter(
            habit: "reopening for every part",
            script: """
                for part in parts(4):
                    with open("a.jpg", "ab") as f: f.write(part)
                    time.sleep(0.35)
                """
        ),
        AwkwardWriter(
            habit: "preallocating",
            script: """
                with open("a.jpg", "wb") as f:
                    os.posix_fallocate(f.fileno(), 0, len(data))
                time.sleep(0.5)
                with open("a.jpg", "r+b") as f:
                    for part in parts(3):
                        f.write(part); f.flush(); time.sleep(0.35)
                """
        ),
        AwkwardWriter(
            habit: "mapping the file",
            script: """
                with open("a.jpg", "w+b") as f:
                    f.truncate(len(data))
                    with mmap.mmap(f.fileno(), len(data)) as m:
                        time.sleep(0.4)
                        half = len(data) // 2
                        m[:half] = data[:half]
                        time.sleep(0.4)
                        m[half:] = data[half:]
                """
        ),
        AwkwardWriter(
            habit: "renaming in from elsewhere",
            script: """
                with open("../elsewhere", "wb") as f: f.write(data)
                os.rename("../elsewhere", "a.jpg")
                """
        ),
        AwkwardWriter(
            habit: "hard linking",
            script: """
                with open("../elsewhere", "wb") as f: f.write(data)
                os.link("../elsewhere", "a.jpg")
                """
        ),
        AwkwardWriter(
            habit: "under a hidden name first, as rsync does",
            script: """
                with open(".a.jpg.Xq3kZ1", "wb") as f:
                    for part in parts(3):
                        f.write(part); f.flush(); time.sleep(0.3)
                os.rename(".a.jpg.Xq3kZ1", "a.jpg")
                """
        ),
        AwkwardWriter(
            habit: "under a name of its own first, as scp-like programs do",
            script: """
                with open("a.jpg.filepart", "wb") as f:
                    for part in parts(3):
                        f.write(part); f.flush(); time.sleep(0.3)
                os.rename("a.jpg.filepart", "a.jpg")
                """
        ),
        AwkwardWriter(
            habit: "two writers in turns",
            script: """
                first = open("a.jpg", "wb"); second = open("a.jpg", "r+b")
                half = len(data) // 2
                first.write(data[:half]); first.flush(); first.close()
                time.sleep(0.4)
                second.seek(half); second.write(data[half:]); second.close()
                """
        ),
        AwkwardWriter(
            habit: "truncating and starting over",
            script: """
                with open("a.jpg", "wb") as f:
                    f.write(data[:-10]); f.flush(); time.sleep(0.4)
                    f.seek(0); f.truncate(); f.flush(); time.sleep(0.4)
                    f.write(data)
                """
        ),
        AwkwardWriter(
            habit: "editing in place, the file being whole before",
            script: """
                with open("a.jpg", "wb") as f:
                    f.write(bytes(data[:20]) + b"\\x00" + bytes(data[21:])); f.flush()
                    time.sleep(0.6)
                    f.seek(0); f.write(data)
                """
        ),
        AwkwardWriter(
            habit: "replacing a cut file by a whole one",
            script: """
                with open("a.jpg", "wb") as f: f.write(data[:100])
                time.sleep(0.5)
                with open("../elsewhere", "wb") as f: f.write(data)
                os.replace("../elsewhere", "a.jpg")
                """
        ),
    ]

    static let prelude = """
        import os, sys, time, mmap
        data = open(sys.argv[1], "rb").read()
        def parts(n):
            step = len(data) // n + 1
            return [data[i:i + step] for i in range(0, len(data), step)]

        """
}
