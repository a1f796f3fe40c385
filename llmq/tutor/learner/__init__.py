"""What a learner knows, skill by skill, and when it should be asked again."""

from llmq.tutor.learner.bkt import Parameters
from llmq.tutor.learner.learner import Learner, SkillState

__all__ = ["Learner", "Parameters", "SkillState"]
