from .backbone import create_backbone

teacher = create_backbone("large")
