// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

@main
struct Snug: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "snug", abstract: "Fits any image under any API's limits.")
}
