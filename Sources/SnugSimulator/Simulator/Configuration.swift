// SPDX-License-Identifier: Apache-2.0

extension Simulator {
    /// The properties of the simulated providers.
    public struct Configuration: Sendable {
        /// The address to listen on.
        ///
        /// Default 127.0.0.1. A client that reaches the admin port can read every request.
        public var host: String
        /// The first of the consecutive ports to listen on; the admin endpoint has it.
        ///
        /// Default `nil`: ports that the system chooses.
        public var firstPort: Int?
        /// The course of generations without a fault.
        public var job: JobPlan
        /// Bodies up to this length are kept for assertions; of longer ones only the digest.
        ///
        /// Default 1 MiB.
        public var keptBodyBytes: Int
        /// The longest request target answered; beyond it 414.
        ///
        /// Default 16,384 bytes.
        public var longestTarget: Int
        /// Elumenta's accounts and windows.
        public var elumenta: ElumentaSettings
        /// Pollinations' accounts.
        public var pollinations: PollinationsSettings
        /// The OpenAI-compatible vendor's accounts and habits.
        public var openAI: OpenAISettings

        /// The defaults.
        public init(
            host: String = "127.0.0.1", firstPort: Int? = nil, job: JobPlan = JobPlan(),
            keptBodyBytes: Int = 1 << 20, longestTarget: Int = 16_384,
            elumenta: ElumentaSettings = ElumentaSettings(),
            pollinations: PollinationsSettings = PollinationsSettings(), openAI: OpenAISettings = OpenAISettings()
        ) {
            self.host = host
            self.firstPort = firstPort
            self.job = job
            self.keptBodyBytes = keptBodyBytes
            self.longestTarget = longestTarget
            self.elumenta = elumenta
            self.pollinations = pollinations
            self.openAI = openAI
        }
    }
}
